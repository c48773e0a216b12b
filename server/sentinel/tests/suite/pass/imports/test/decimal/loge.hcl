param "pick" {
  value = "loge"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
