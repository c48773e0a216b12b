test {
  rules = {
    main    = true
    rescued = "no"
    skipped = true
  }
}
