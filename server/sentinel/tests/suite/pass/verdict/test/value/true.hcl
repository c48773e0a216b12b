param "value" {
  value = true
}
