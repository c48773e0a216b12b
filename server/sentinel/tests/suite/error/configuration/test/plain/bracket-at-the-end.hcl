param "a" {
  value = {
    (