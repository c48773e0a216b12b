param "which" {
  value = "ring"
}
