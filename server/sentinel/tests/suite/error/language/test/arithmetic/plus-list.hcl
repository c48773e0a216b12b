# The error lies at: +[1]
param "pick" {
  value = "plus-list"
}

test {
  rules = {
    main = false
  }
}
