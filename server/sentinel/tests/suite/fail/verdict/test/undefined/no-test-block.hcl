param "tags" {
  value = {}
}
