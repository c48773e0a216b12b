param "pick" {
  value = "trim-right"
}

test {
  rules = {
    kind  = "string"
    found = "xxhi"
  }
}
