using System.Globalization;
using DuckDB.NET.Data;

namespace FlexGen.Dataflow.Tests.Support;

/// <summary>DuckDB, which writes and reads Parquet by other code than the pipeline's.</summary>
internal static class Duck
{
    public static void Execute(string sql) => Query(sql);

    public static List<object?[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object?[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add([.. row.Select(value => value is DBNull ? null : value)]);
        }

        return rows;
    }

    public static long Count(string sql) => Convert.ToInt64(Query(sql)[0][0], CultureInfo.InvariantCulture);

    public static List<string?> Column(string sql) =>
        [.. Query(sql).Select(row => Convert.ToString(row[0], CultureInfo.InvariantCulture))];

    /// <summary>Writes a query's rows to a Parquet file.</summary>
    public static void Write(string query, string path, string options = "") =>
        Execute($"COPY ({query}) TO '{path}' (FORMAT parquet{options})");
}
