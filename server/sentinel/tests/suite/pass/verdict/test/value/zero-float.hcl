param "value" {
  value = 0.0
}
