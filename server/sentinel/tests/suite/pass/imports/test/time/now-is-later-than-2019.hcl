param "pick" {
  value = "now-is-later-than-2019"
}

test {
  rules = {
    kind  = "bool"
    found = true
  }
}
