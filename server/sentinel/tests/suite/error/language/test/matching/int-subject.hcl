# The error lies at: 1 matches "1"
param "pick" {
  value = "int-subject"
}

test {
  rules = {
    main = false
  }
}
