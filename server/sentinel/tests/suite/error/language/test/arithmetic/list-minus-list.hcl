# The error lies at: [1] - [1]
param "pick" {
  value = "list-minus-list"
}

test {
  rules = {
    main = false
  }
}
