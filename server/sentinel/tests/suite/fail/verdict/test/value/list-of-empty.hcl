param "value" {
  value = [[]]
}
