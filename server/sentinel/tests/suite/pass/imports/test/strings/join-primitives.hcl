param "pick" {
  value = "join-primitives"
}

test {
  rules = {
    kind  = "string"
    found = "a,1,1.01,true"
  }
}
