param "value" {
  value = "a reason"
}
