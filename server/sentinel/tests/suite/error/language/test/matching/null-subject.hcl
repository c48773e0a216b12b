# The error lies at: null matches "a"
param "pick" {
  value = "null-subject"
}

test {
  rules = {
    main = false
  }
}
