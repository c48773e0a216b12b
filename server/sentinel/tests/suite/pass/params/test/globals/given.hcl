global "who" {
  value = "us"
}

global "limits" {
  value = {
    max = 3
  }
}
