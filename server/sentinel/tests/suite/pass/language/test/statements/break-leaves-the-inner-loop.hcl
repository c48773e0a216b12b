param "pick" {
  value = "break-leaves-the-inner-loop"
}

test {
  rules = {
    kind  = "int"
    found = 2
  }
}
