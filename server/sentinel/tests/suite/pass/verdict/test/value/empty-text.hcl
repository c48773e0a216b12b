param "value" {
  value = ""
}
