param "names" {
  value = []
}
