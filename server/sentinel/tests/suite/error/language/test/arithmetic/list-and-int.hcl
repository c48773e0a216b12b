# The error lies at: [1] + 1
param "pick" {
  value = "list-and-int"
}

test {
  rules = {
    main = false
  }
}
