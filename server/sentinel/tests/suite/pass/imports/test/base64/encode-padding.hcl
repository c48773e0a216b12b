param "pick" {
  value = "encode-padding"
}

test {
  rules = {
    kind  = "string"
    found = "Zm8="
  }
}
