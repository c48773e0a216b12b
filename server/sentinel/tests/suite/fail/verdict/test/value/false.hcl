param "value" {
  value = false
}
