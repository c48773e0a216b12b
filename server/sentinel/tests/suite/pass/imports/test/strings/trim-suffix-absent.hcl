param "pick" {
  value = "trim-suffix-absent"
}

test {
  rules = {
    kind  = "string"
    found = "main.tf"
  }
}
