# The error lies at: 1 / 0
param "which" {
  value = "division"
}
