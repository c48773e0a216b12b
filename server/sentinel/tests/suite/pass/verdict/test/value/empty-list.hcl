param "value" {
  value = []
}
