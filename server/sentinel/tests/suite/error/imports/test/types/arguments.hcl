# The error lies at: types.type_of()
param "pick" {
  value = "arguments"
}

test {
  rules = {
    main = false
  }
}
