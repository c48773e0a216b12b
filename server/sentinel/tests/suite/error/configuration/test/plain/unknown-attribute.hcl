param "a" {
  value = 1
  wrong = 2
}
