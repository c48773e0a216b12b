# The error lies at: version.new(1)
param "pick" {
  value = "new-int"
}

test {
  rules = {
    main = false
  }
}
