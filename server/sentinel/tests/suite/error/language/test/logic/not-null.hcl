# The error lies at: not null
param "pick" {
  value = "not-null"
}

test {
  rules = {
    main = false
  }
}
