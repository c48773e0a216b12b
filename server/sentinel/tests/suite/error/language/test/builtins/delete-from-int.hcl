# The error lies at: delete(1, "a")
param "pick" {
  value = "delete-from-int"
}

test {
  rules = {
    main = false
  }
}
