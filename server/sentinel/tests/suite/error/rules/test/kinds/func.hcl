param "which" {
  value = "func"
}
