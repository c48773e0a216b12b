test {
  rules = {
    out = 40
  }
}
