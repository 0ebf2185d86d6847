namespace FlexGen.Constraints.Tests;

public class SchemaConstraintTests
{
}
