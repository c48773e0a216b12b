test {
  rules = {
    part = true
  }
}
