param "a" {
  value = 1
}

param "a" {
  value = 2
}
