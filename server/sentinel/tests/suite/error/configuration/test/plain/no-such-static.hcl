import "static" "people" {
  source = "no-such-file.json"
  format = "json"
}
