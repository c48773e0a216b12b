# The error lies at: "f"(1)
param "pick" {
  value = "call-of-string"
}

test {
  rules = {
    main = false
  }
}
