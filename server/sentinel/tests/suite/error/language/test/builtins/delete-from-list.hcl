# The error lies at: delete([1], 0)
param "pick" {
  value = "delete-from-list"
}

test {
  rules = {
    main = false
  }
}
