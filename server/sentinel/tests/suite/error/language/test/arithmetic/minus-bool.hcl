# The error lies at: -true
param "pick" {
  value = "minus-bool"
}

test {
  rules = {
    main = false
  }
}
