# The error lies at: delete(undefined, "a")
param "pick" {
  value = "delete-from-undefined"
}

test {
  rules = {
    main = false
  }
}
