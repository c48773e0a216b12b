param "value" {
  value = 0
}
