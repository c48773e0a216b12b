param "value" {
  value = {}
}
