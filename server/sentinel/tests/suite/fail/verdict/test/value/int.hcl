param "value" {
  value = 1
}
