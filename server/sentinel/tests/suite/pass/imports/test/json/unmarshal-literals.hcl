param "pick" {
  value = "unmarshal-literals"
}

test {
  rules = {
    kind  = "list"
    found = [true, null, "a"]
  }
}
