"""The generated Kotlin and Swift, held to the golden vectors of the steps."""
