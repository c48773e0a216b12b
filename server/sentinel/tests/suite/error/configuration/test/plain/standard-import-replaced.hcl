import "module" "strings" {
  source = "../../plain.sentinel"
}
