param "pick" {
  value = "unmarshal-gives-a-changeable-value"
}

test {
  rules = {
    kind  = "map"
    found = {
      "a" = [1]
    }
  }
}
