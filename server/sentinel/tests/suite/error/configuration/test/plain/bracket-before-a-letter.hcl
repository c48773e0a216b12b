param "a" {
  value = {
    (é) = 1
  }
}
