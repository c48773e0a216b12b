param "pick" {
  value = "set-creates-levels"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = {
        "b" = 10
      }
    }
  }
}
