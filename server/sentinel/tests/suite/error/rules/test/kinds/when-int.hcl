# The error lies at: rule when 1
param "which" {
  value = "when int"
}
