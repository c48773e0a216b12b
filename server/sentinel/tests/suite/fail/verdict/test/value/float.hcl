param "value" {
  value = 0.5
}
