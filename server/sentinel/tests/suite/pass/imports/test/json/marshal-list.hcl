param "pick" {
  value = "marshal-list"
}

test {
  rules = {
    kind  = "string"
    found = "[1,\"x\",true,null]"
  }
}
